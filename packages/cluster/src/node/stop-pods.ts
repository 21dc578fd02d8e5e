import { forEachLimit, type Logger } from '@kts/base';

const STOPS_AT_A_TIME = 10;

/** Stops every pod of a node, because its cluster is going down. Kubelets start them again when it comes back. */
export async function stopPods(containerdSocket: string, deps: { readonly log: Logger }): Promise<void> {
  const { connectCri } = await import('@kts/host-cri');
  const cri = connectCri(containerdSocket);
  try {
    const { items } = await cri.runtime.listPodSandbox({});
    await forEachLimit(items, STOPS_AT_A_TIME, async ({ id }) => {
      try {
        await cri.runtime.stopPodSandbox({ podSandboxId: id });
      } catch (error) {
        deps.log.warn('pod could not be stopped', { sandbox: id, error });
      }
    });
  } catch (error) {
    deps.log.warn('pods could not be stopped', { error });
  } finally {
    cri.close();
  }
}
