import type { KindSchema } from '../kind.ts'
import { sessionBindingKind } from './sessionbinding.ts'
import { sessionStoreKind } from './sessionstore.ts'

/** Every kind of the group, in the order in which a reader meets them. */
export const KINDS: readonly KindSchema[] = [sessionStoreKind, sessionBindingKind]
