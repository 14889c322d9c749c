/** One finished request; `status` is absent when no answer came. */
export type RequestObservation = Readonly<{
  method: string
  /** Plural of the kind with its subresource, `secrets` or `pods/status`; the raw path's first part otherwise. */
  resource: string
  status?: number
  durationMs: number
}>

/** What became of one declared object. `noop` = sent, but the server changed nothing: a difference that we see and it does not. */
export type ApplyOutcome = 'created' | 'applied' | 'noop' | 'skipped' | 'nameConflict'

/** Where the client, the reflectors and apply tell what they did; the metrics are one. Never throws. */
export type KubeObserver = Readonly<{
  request?: (observation: RequestObservation) => void
  apply?: (observation: Readonly<{ kind: string; outcome: ApplyOutcome }>) => void
  reflector?: (observation: Readonly<{ kind: string; event: 'list' | 'watch' | 'error' | 'forbidden' }>) => void
}>
