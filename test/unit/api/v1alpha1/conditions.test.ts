import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { repoDir } from '../../../../hack/paths.ts'
import {
  CONDITIONS,
  type DesiredCondition,
  SESSION_BINDING_CONDITIONS,
  SESSION_STORE_CONDITIONS,
  setCondition,
} from '../../../../src/api/v1alpha1/conditions.ts'
import type { Condition } from '../../../../src/kube/types.ts'

const early = '2026-01-01T00:00:00Z'
const late = '2026-01-01T00:00:05Z'

const ready: Condition = {
  type: 'Ready',
  status: 'False',
  reason: 'NoPrimary',
  message: 'wait',
  lastTransitionTime: early,
}
const stalled: Condition = { ...ready, type: 'Stalled', reason: 'NotStalled' }
const previous = Object.freeze([Object.freeze(ready), Object.freeze(stalled)])

describe('setCondition()', () => {
  it('adds a condition that was not there', () => {
    const next: DesiredCondition = { type: 'TLSReady', status: 'True', reason: 'CertificateServed', message: 'ok' }

    expect(setCondition(previous, next, late)).to.deep.equal([ready, stalled, { ...next, lastTransitionTime: late }])
  })

  it('moves the time when the status changes, in the same place of the list', () => {
    const next: DesiredCondition = { type: 'Ready', status: 'True', reason: 'WriteSucceeded', message: 'ok' }

    expect(setCondition(previous, next, late)).to.deep.equal([{ ...next, lastTransitionTime: late }, stalled])
  })

  it('keeps the time when only reason, message or generation change', () => {
    const next: DesiredCondition = {
      type: 'Ready',
      status: 'False',
      reason: 'WriteFailed',
      message: 'other',
      observedGeneration: 2,
    }

    expect(setCondition(previous, next, late)).to.deep.equal([{ ...next, lastTransitionTime: early }, stalled])
  })

  it('drops a generation that is no longer stated', () => {
    const old = [{ ...ready, observedGeneration: 1 }]
    const next: DesiredCondition = { type: 'Ready', status: 'False', reason: 'NoPrimary', message: 'wait' }

    expect(setCondition(old, next, late)).to.deep.equal([ready])
  })

  it('clips a message that the API server would refuse', () => {
    const next: DesiredCondition = {
      type: 'Ready',
      status: 'True',
      reason: 'WriteSucceeded',
      message: 'x'.repeat(2000),
    }

    const [condition] = setCondition([], next, late)

    expect(condition?.message).to.have.length(1024)
  })

  it('accepts a reason only of its own type', () => {
    // @ts-expect-error CertificateServed is a reason of TLSReady
    const wrong: DesiredCondition = { type: 'Ready', status: 'True', reason: 'CertificateServed', message: '' }
    void wrong
  })
})

describe('CONDITIONS', () => {
  it('lists no reason that nothing gives', () => {
    const listed = Object.values(CONDITIONS).flatMap((reasons) => Object.keys(reasons))
    const sources = globSync('src/**/*.ts', { cwd: repoDir }).filter((path) => !path.endsWith('v1alpha1/conditions.ts'))
    const words = new Set(
      sources.flatMap((path) =>
        [...readFileSync(join(repoDir, path), 'utf8').matchAll(/'([A-Z]\w+)'/g)].map(([, word]) => word),
      ),
    )

    expect(listed.filter((reason) => !words.has(reason))).to.deep.equal([])
  })

  it('is carried, all of it, by one of the kinds', () => {
    const carried = new Set<string>([...SESSION_STORE_CONDITIONS, ...SESSION_BINDING_CONDITIONS])

    expect([...carried].sort()).to.deep.equal(Object.keys(CONDITIONS).sort())
  })

  it('explains each reason in a sentence', () => {
    for (const reasons of Object.values(CONDITIONS)) {
      for (const text of Object.values(reasons)) expect(text).to.match(/^([A-Z]|spec\.).*\.$/)
    }
  })
})
