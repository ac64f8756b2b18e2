// Loaded into a program before anything else: whatever it asks of the network is written down and refused.
"use strict";

const dns = require("node:dns");
const fs = require("node:fs");
const net = require("node:net");

const refuse = (what) => {
  fs.appendFileSync(process.env.REHEARSE_NETWORK_WATCH, `${what}\n`);
  throw new Error(`the network is closed: ${what}`);
};

dns.lookup = (name) => refuse(`lookup of ${name}`);
net.Socket.prototype.connect = (...address) => refuse(`connection to ${JSON.stringify(address)}`);
globalThis.fetch = (address) => refuse(`fetch of ${address}`);
