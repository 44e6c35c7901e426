// The first items of a subscription: two; or one, and a second's silence after it; or what came before it completed.
// subscribe({next, error, complete}) begins it and returns what ends it.
export async function items(subscribe) {
  const got = [];
  let quiet;
  let stop;
  try {
    return await new Promise((resolve, reject) => {
      const next = ({ data, errors }) => {
        if (errors?.length) return reject(errors);
        got.push(data);
        clearTimeout(quiet);
        if (got.length === 2) return resolve(got);
        quiet = setTimeout(resolve, 1000, got);
      };
      const complete = () => (got.length ? resolve(got) : reject(new Error('completed without an item')));
      stop = subscribe({ next, error: reject, complete });
    });
  } finally {
    clearTimeout(quiet);
    stop?.();
  }
}
