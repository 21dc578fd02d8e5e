export type * from './gen/cri.gen.ts';
export { connectCri, type CriConnection } from './cri-client.ts';
export { AddressPool } from './simulated/address-pool.ts';
export { createSimulatedRuntime, type SimulatedRuntimeDeps } from './simulated/simulated-runtime.ts';
