module.exports = {
  extension: ['ts'],
  forbidOnly: Boolean(process.env.CI),
  timeout: 10000,
  reporter: 'dot',
}
