/** Scales scores so that the highest becomes 100; `reverse` turns them round, so that the lowest scores highest. */
export function normalizeToHighest(scores: number[], reverse = false): void {
  let highest = 0;
  for (const score of scores) highest = Math.max(highest, score);
  for (let index = 0; index < scores.length; index++) {
    const scaled = highest === 0 ? 0 : Math.trunc((100 * scores[index]!) / highest);
    scores[index] = reverse ? 100 - scaled : scaled;
  }
}
