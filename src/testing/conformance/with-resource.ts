/** Runs a case with what its subject made for it; an error of the clean-up does not hide one of the case. */
export async function withResource<R extends AsyncDisposable>(
  made: R | Promise<R>,
  body: (resource: R) => Promise<void>,
): Promise<void> {
  const resource = await made;
  try {
    await body(resource);
  } catch (error) {
    await resource[Symbol.asyncDispose]().then(undefined, () => undefined);
    throw error;
  }
  await resource[Symbol.asyncDispose]();
}
