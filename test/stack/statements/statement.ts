/** Which seed says it: the older one, the newer one, or the settled readings of their README. */
export type Seed = '1' | '2' | 'README'

/** A test that shows a statement, by its title. `engine`: one of test/stack, on a real engine. */
export interface Shown {
  readonly kind: 'engine' | 'elsewhere'
  readonly title: string
}

/** One thing that the seeds say about the stack. */
export interface Statement {
  readonly section: string
  readonly seed: Seed
  readonly says: string
  readonly shown: readonly Shown[]
  /** The whole truth where a test is not, such as what one host cannot enforce. */
  readonly note: string | null
}

/** Something a row is proven by: the title of a test of test/stack, that of another test, or what there is to say instead. */
export type Proof = string | { readonly elsewhere: string } | { readonly note: string }

export type Row = readonly [says: string, ...proofs: readonly Proof[]]

/** Rows of one section. */
export function section(name: string, seed: Seed, rows: readonly Row[]): Statement[] {
  return rows.map(([says, ...proofs]) => ({ section: name, seed, says, shown: proofs.flatMap(shownBy), note: proofs.flatMap(noted).join('; ') || null }))
}

function shownBy(proof: Proof): Shown[] {
  if (typeof proof === 'string') return [{ kind: 'engine', title: proof }]
  return 'elsewhere' in proof ? [{ kind: 'elsewhere', title: proof.elsewhere }] : []
}

function noted(proof: Proof): string[] {
  return typeof proof === 'object' && 'note' in proof ? [proof.note] : []
}
