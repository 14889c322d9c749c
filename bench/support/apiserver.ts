import { type ApiServer, type ApiServerOptions, startApiServer } from '../../hack/apiserver.ts'

/** Runs `act` on an API server of its own, which is gone afterwards, also after Ctrl-C. */
export async function withApiServer(
  options: ApiServerOptions,
  act: (server: ApiServer) => Promise<void>,
): Promise<void> {
  const server = await startApiServer(options)
  const interrupted = (): void => void server.stop().then(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  try {
    await act(server)
  } finally {
    await server.stop()
  }
}
