/**
 * A store over files in memory, so that a directory can be recovered without being touched.
 *
 * The one decision: the clock is far ahead of any real file and moves a millisecond each time it is asked, so that index
 * files, which are named after it, never share a name.
 */
import type { Image } from "../../world/simulated/DiskImages.ts"
import { SimulatedDisk } from "../../world/simulated/SimulatedDisk.ts"
import type { Environment } from "./Environment.ts"
import type { StoreConfig } from "./LogConfig.ts"
import * as LogManager from "./LogManager.ts"

export const root = "/store"

export interface StoreOnImage {
  readonly disk: SimulatedDisk
  readonly environment: Environment
  readonly unloaded: LogManager.Unloaded
}

/** A store that is not loaded yet, over contents by path relative to the store directory. */
export const storeOf = (image: Image, config: StoreConfig): StoreOnImage => {
  const disk = SimulatedDisk.fromImage(new Map(Array.from(image, ([path, bytes]) => [`${root}/${path}`, bytes])))
  let time = Date.UTC(2040, 0, 1)
  const environment = { disk: disk.operations(), root, now: () => time++, processId: 1 }
  return { disk, environment, unloaded: LogManager.make(environment, config) }
}
