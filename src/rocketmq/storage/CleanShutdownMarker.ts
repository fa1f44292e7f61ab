/**
 * `abort`: the store was started and has not stopped cleanly (DefaultMessageStore: createTempFile, isTempFileExist, shutdown).
 *
 *     4.9     empty
 *     5.x     the process id, as text; what was there before goes to abort.bak
 *
 * The one decision: its absence is the marker, where Kafka leaves a file at a clean stop. Nothing makes its name durable, so a
 * power cut may take it, and then a store that never stopped counts as stopped cleanly.
 */
import * as ConfigFile from "./ConfigFile.ts"
import type { Environment } from "./Environment.ts"
import type { StoreConfig } from "./LogConfig.ts"

const pathIn = ({ root }: Environment): string => `${root}/abort`

/** Whether the last stop was clean. */
export const stoppedCleanly = (environment: Environment): boolean =>
  environment.disk.stat(pathIn(environment)) === undefined

/** Says from now on that the store runs. */
export const create = (environment: Environment, { behaviour }: StoreConfig): void => {
  const { disk, processId } = environment
  const path = pathIn(environment)
  disk.open(path, "either").close()
  if (behaviour.abortHoldsProcessId) ConfigFile.persist(disk, path, String(processId))
}

/** Says that it has stopped cleanly. */
export const remove = (environment: Environment): void => environment.disk.remove(pathIn(environment))
