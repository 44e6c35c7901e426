// CAP listens on every interface by default, and says its port among much else: here it is loopback, and a file.
const { renameSync, writeFileSync } = require('fs')
const cds = require('@sap/cds')

cds.on('bootstrap', app => {
  const listen = app.listen.bind(app)
  app.listen = (port, ...rest) => listen(port, '127.0.0.1', ...rest)
})

cds.on('listening', ({ server }) => {
  const file = process.env.CAP_PORT_FILE
  writeFileSync(`${file}.part`, String(server.address().port))
  renameSync(`${file}.part`, file)
})

module.exports = cds.server
