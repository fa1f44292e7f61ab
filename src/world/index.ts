/** Disk, network, process, clock and chance, simulated and live. */
export * as Disk from "./Disk.ts"
export * as LiveDisk from "./live/LiveDisk.ts"
export * as CrashStates from "./simulated/CrashStates.ts"
export * as DiskFaults from "./simulated/DiskFaults.ts"
export * as Pieces from "./simulated/Pieces.ts"
export * as SimulatedDisk from "./simulated/SimulatedDisk.ts"
