// What a node http server costs by itself: the figure that the updater's stand beside.
const { createServer } = require('node:http')

createServer((_request, response) => response.end('{"status":"ok"}')).listen(Number(process.argv[2]), '127.0.0.1')
