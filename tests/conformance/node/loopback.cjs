// Loaded before a server that would listen to the whole world: it listens to this machine alone.
const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function (options, ...rest) {
  return listen.call(this, { host: '127.0.0.1', ...options }, ...rest);
};
