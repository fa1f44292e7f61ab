/** Operations in, anomalies out. */
export * as Operation from "./Operation.ts"
