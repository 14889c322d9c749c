import { expect } from 'chai'
import { simulate } from '../../../support/topology/world/simulate.ts'

/** Random histories in all, some 5 ms of computing each. `SIMULATED_HISTORIES=100000` for a long run. */
const HISTORIES = Number(process.env['SIMULATED_HISTORIES'] ?? 2000)
const FIRST_SEED = Number(process.env['SIMULATED_FROM'] ?? 1)
const PLANNED_SHARE = 0.2
const VOLUMES_SHARE = 0.3
const MS_PER_HISTORY = 100

describe('planTopology() run to its end against random histories', () => {
  const planned = Math.round(HISTORIES * PLANNED_SHARE)
  const onVolumes = Math.round(HISTORIES * VOLUMES_SHARE)

  it(`${planned} planned ones: no acknowledged write is lost, and the store gets well`, function () {
    this.timeout(planned * MS_PER_HISTORY)
    let acknowledged = 0
    let lost = 0

    for (let seed = FIRST_SEED; seed < FIRST_SEED + planned; seed += 1) {
      const history = simulate(seed, { isPlannedOnly: true })
      acknowledged += history.acknowledged
      lost += history.lost.length
    }

    expect(lost).to.equal(0)
    expect(acknowledged).to.be.above(planned * 100)
  })

  it(`${onVolumes} on volumes, all servers killed at once among the faults: every rule is kept, and the store gets well`, function () {
    this.timeout(onVolumes * MS_PER_HISTORY)
    let acknowledged = 0

    for (let seed = FIRST_SEED; seed < FIRST_SEED + onVolumes; seed += 1)
      acknowledged += simulate(seed, { isPlannedOnly: false, hasVolumes: true }).acknowledged

    expect(acknowledged).to.be.above(onVolumes * 50)
  })

  it(`${HISTORIES - planned} with faults: every rule is kept at every moment, and the store gets well`, function () {
    this.timeout((HISTORIES - planned) * MS_PER_HISTORY)
    let acknowledged = 0

    for (let seed = FIRST_SEED + planned; seed < FIRST_SEED + HISTORIES; seed += 1)
      acknowledged += simulate(seed, { isPlannedOnly: false }).acknowledged

    expect(acknowledged).to.be.above((HISTORIES - planned) * 50)
  })
})
