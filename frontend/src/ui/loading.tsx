/* Says that what is asked for is still to come. */

export function Loading() {
  return <p class="loading" role="status">Loading clips …</p>;
}
