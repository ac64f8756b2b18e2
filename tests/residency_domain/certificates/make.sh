#!/bin/sh
# Makes the certificates of this directory anew, with OpenSSL 3 and nothing else. They are for tests: everybody can read the server's key.
# The authority's key is thrown away, so what it vouches for is what lies here.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/ca.conf" <<'CONF'
[ca]
default_ca = house
[house]
database = $ENV::WORK/index
new_certs_dir = $ENV::WORK
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost
CONF
export WORK="$work"
: > "$work/index"

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
# request KEY NAME: what is to be signed
request() { openssl req -new -key "$1" -subj "/CN=$2" -out "$work/request" -config /dev/null; }
# signed SECTION FROM UNTIL FILE OPTIONS…: the certificate for the last request
signed() {
    section=$1 from=$2 until=$3 file=$4
    shift 4
    openssl ca -batch -notext -config "$work/ca.conf" -extensions "$section" -startdate "$from" -enddate "$until" \
        -in "$work/request" -out "$file" "$@" 2> /dev/null
}

key "$work/authority.key"
key server.key
request "$work/authority.key" "Test authority of the house"
signed authority 20200101000000Z 21200101000000Z authority.pem -selfsign -keyfile "$work/authority.key"
request server.key localhost
signed server 20200101000000Z 21200101000000Z server.pem -keyfile "$work/authority.key" -cert authority.pem
request server.key localhost
signed server 20200101000000Z 20200201000000Z expired.pem -keyfile "$work/authority.key" -cert authority.pem
