// Everything here waits for a real cluster; each wait has its own, shorter deadline that says what was awaited.
module.exports = {
  extension: ['ts'],
  forbidOnly: Boolean(process.env.CI),
  timeout: 360000,
  reporter: 'spec',
  sort: true,
}
