export { CommandError, runCommand, type CommandOptions } from './command.ts';
export { networkNamespace, ownNetwork, type NetworkNamespace } from './network-namespace.ts';
export { trimMemory } from './system-calls.ts';
