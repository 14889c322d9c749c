import { bindingsRows } from './rows/bindings.ts'
import { capacityRows } from './rows/capacity.ts'
import { configRows } from './rows/config.ts'
import { durabilityRows } from './rows/durability.ts'
import { engineRows } from './rows/engine.ts'
import { failoverRows } from './rows/failover.ts'
import { nameRows } from './rows/name.ts'
import { networkPolicyRows } from './rows/networkpolicy.ts'
import { persistenceRows } from './rows/persistence.ts'
import { podTemplateRows } from './rows/podtemplate.ts'
import type { RowsOfRule } from './rows/row.ts'
import { selectorRows } from './rows/selector.ts'
import { tlsRows } from './rows/tls.ts'

/** One entry for each rule of SessionStore. */
export const SESSION_STORE_ROWS: Readonly<Record<string, RowsOfRule>> = {
  name: nameRows({}),
  ...engineRows,
  ...capacityRows,
  ...persistenceRows,
  ...durabilityRows,
  ...failoverRows,
  ...tlsRows,
  ...configRows,
  ...networkPolicyRows,
  ...podTemplateRows,
  ...bindingsRows,
  ...selectorRows,
}
