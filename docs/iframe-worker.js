// Opened from disk, a page may not start a worker; the search then runs in a hidden frame that behaves like one.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = (...names) => Promise.all(names.map((name) => load(inside.document, name)));
      this.frame = frame;
      this.ready = load(inside.document, String(address));
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
  window.Worker = window.IFrameWorker;

  function load(target, address) {
    return new Promise((done, failed) => {
      const script = target.createElement("script");
      script.src = address;
      script.onload = done;
      script.onerror = failed;
      target.body.append(script);
    });
  }
}
