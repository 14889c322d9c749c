// Keeps a client pod alive until it is deleted; the programs are run in it with exec.
process.once('SIGTERM', () => process.exit(0))
setInterval(() => undefined, 2 ** 30)
