/** Disk, network, process, clock and chance, simulated and live. */
export * as Disk from "./Disk.ts"
