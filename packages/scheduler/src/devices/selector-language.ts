import type { SelectorLanguage } from './device-selectors.ts';

export function createSelectorLanguage(): SelectorLanguage {
  throw new Error('not there yet');
}
