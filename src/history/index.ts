/** Operations in, anomalies out. */
export {}
