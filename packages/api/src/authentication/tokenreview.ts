import { defineResource } from '../define-resource.ts';
import type { TokenReview } from '../gen/authentication-v1.gen.ts';

/** Whose token is this? The answer is not stored; the API server finds it. */
export const tokenReviews = defineResource<TokenReview>('authentication.k8s.io/v1', 'tokenreviews', {
  generation: 'none',
});
