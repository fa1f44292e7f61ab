/** Seeds and recorded choices, the token of a run, delta debugging. */
export * as Choose from "./Choose.ts"
export * as DeltaDebugging from "./DeltaDebugging.ts"
export * as Token from "./Token.ts"
