// Loaded before a Node program by `huifu-mock exec --intercept`: a socket that would be connected with one of Huifu's
// hosts is connected with huifu-mock, which takes the host from TLS (SNI) or HTTP. All other sockets are left alone.
"use strict";

const net = require("node:net");

const REAL = /(^|\.)(huifu\.com|testpnr\.com|cloudpnr\.com)\.?$/i;
const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(process.env.HUIFU_MOCK_INTERCEPT || "") || [];
const connect = net.Socket.prototype.connect;

if (host) {
  net.Socket.prototype.connect = function (...args) {
    const normalized = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
    const wanted = normalized[0];
    if (wanted && !wanted.path && REAL.test(wanted.host || "")) {
      normalized[0] = { ...wanted, host, port: Number(port), lookup: undefined };
    }
    return connect.call(this, normalized);
  };
}
