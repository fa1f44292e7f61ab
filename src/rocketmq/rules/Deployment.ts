/**
 * Who is who in a deployment with fixed roles: addresses count from 1, masters first, then slaves.
 *
 *     address   1 .. masters     masters + 1 .. masters + slaves
 *     name      1 .. masters     1 .. slaves                          brokerId 0 is the master, 1 the slave
 *
 * The decision: role and name are functions of the address, since a fixed-role broker has both in its configuration
 * file (BrokerConfig.brokerName, brokerId) and nobody ever changes them.
 */

/** How many masters there are, one a broker name, and how many of the first names have a slave. */
export interface Deployment {
  readonly masters: number
  readonly slaves: number
}

/** `1..count`. */
export const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i + 1)

/** Every broker's address. */
export const brokersOf = ({ masters, slaves }: Deployment): ReadonlyArray<number> => upTo(masters + slaves)

/** Whether an address is a master's: MixAll.MASTER_ID is its brokerId. */
export const isMaster = ({ masters }: Deployment, address: number): boolean => address <= masters

/** The broker name that an address belongs to. */
export const nameOf = (deployment: Deployment, address: number): number =>
  isMaster(deployment, address) ? address : address - deployment.masters

/** The address of a name's master. */
export const masterOf = (name: number): number => name
