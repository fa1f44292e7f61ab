/** RocketMQ with fixed roles (behaviour of 4.9.x, 5.x differences as named switches): its store. */
export {}
