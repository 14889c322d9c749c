import { ACTS, type Attempt } from '../../contract/api/rows/row.ts'
import { SESSION_STORE_ROWS } from '../../contract/api/rows.ts'
import { allSamples } from '../samples.ts'
import type { Example } from '../schema/corpus.ts'

/** Rows of the rules and samples: every field, and values that mean something for it. */
export async function storeExamples(): Promise<readonly Example[]> {
  const rows = Object.values(SESSION_STORE_ROWS).flatMap((acts) => ACTS.map((act) => acts[act]))
  const attempts = rows.flatMap((row): readonly Attempt[] => (typeof row === 'string' ? [] : row))
  const written = attempts
    .filter(({ to }) => typeof to !== 'number')
    .map(({ to, refusedAt }) => ({ spec: to, isAccepted: refusedAt === undefined }))
  const samples = (await allSamples()).filter(({ value }) => value.kind === 'SessionStore')
  return [...written, ...samples.map(({ value }) => ({ spec: value.spec, isAccepted: true }))]
}
