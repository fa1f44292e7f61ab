/** What a model is: states, actions, properties, the bounded state schema and its codec. */
export * as Codec from "./Codec.ts"
export * as Domain from "./Domain.ts"
export * as Machine from "./Machine.ts"
export * from "./OutsideSchema.ts"
export * as StateSchema from "./StateSchema.ts"
export * as TlaValue from "./TlaValue.ts"
export * as Translation from "./Translation.ts"
