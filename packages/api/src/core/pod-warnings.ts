import type { Pod } from '../gen/core-v1.gen.ts';
export const podWarnings = (_pod: Pod, _old: Pod | undefined): readonly string[] => [];
export const templateWarnings = (..._args: unknown[]): readonly string[] => [];
