/** Words that both systems share: checksums, variable-length integers. */
export {}
