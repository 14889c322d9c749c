import type { SessionStoreSpec } from '../../../src/api/v1alpha1/sessionstore.ts'

type Engine = Pick<SessionStoreSpec, 'engine' | 'version'>

/** What the stores of this run are on, from `SESSIONSTORE_ENGINE` as `Redis 8.0`; empty: the operator's default. */
export function engineOfRun(): Engine {
  const [engine, version] = (process.env['SESSIONSTORE_ENGINE'] ?? '').split(' ')
  return engine && version ? ({ engine, version } as Engine) : {}
}

/** The spec on the engine of this run, unless it names what it runs. */
export function onEngineOfRun(spec: SessionStoreSpec): SessionStoreSpec {
  const isNamed = spec.engine !== undefined || spec.version !== undefined || spec.image !== undefined
  return isNamed ? spec : { ...engineOfRun(), ...spec }
}
