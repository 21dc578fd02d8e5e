import type { Pod } from '@kts/api/types/core-v1';
import { keyText, type LabelMatcher, type ObjectKey } from '@kts/apimachinery';

/**
 * Which autoscalers want the same pods. Two that do would fight over them.
 *
 * Mirrors: hpasControllingPodsUnderSelector in pkg/controller/podautoscaler/horizontal.go (v1.36)
 */
export class AutoscalerSelectors {
  readonly #selectors = new Map<string, { readonly key: ObjectKey; readonly selector: LabelMatcher }>();

  set(key: ObjectKey, selector: LabelMatcher): void {
    this.#selectors.set(keyText(key), { key, selector });
  }

  delete(key: ObjectKey): void {
    this.#selectors.delete(keyText(key));
  }

  /** All whose last known selector matches one of the pods. */
  selecting(pods: readonly Pod[], namespace: string): readonly ObjectKey[] {
    return [...this.#selectors.values()]
      .filter(
        ({ key, selector }) => key.namespace === namespace && pods.some((pod) => selector.matches(pod.metadata.labels)),
      )
      .map(({ key }) => key);
  }
}
