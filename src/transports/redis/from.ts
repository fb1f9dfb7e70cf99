/** Says where reading begins when nothing is remembered. */
export type From = "oldest" | "newest" | { readonly id: string };
