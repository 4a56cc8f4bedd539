// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import ts from 'typescript';

/**
 * What is named in the signatures of what a package's declarations export, directly or through others, and is not exported
 * itself: "name (user)". A program can then receive or pass such a thing but not say its type.
 */
export function unexported(index: string): string[] {
  const program = ts.createProgram([index], { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16, strict: true });
  const checker = program.getTypeChecker();
  const aliased = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const file = program.getSourceFile(index);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${index} exports nothing`);
  const exported = new Set(checker.getExportsOfModule(module).map(aliased));
  const seen = new Set<ts.Symbol>();
  const missing = new Set<string>();
  for (const symbol of exported) visit(symbol);
  return [...missing].sort();

  function visit(symbol: ts.Symbol): void {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) {
      if (!declaration.getSourceFile().fileName.startsWith(dirname(index))) continue;
      // Of `ReturnType<typeof f>` users see what f returns.
      const isCalled = exported.has(symbol) || !ts.isFunctionDeclaration(declaration);
      walk(isCalled ? declaration : declaration.type, symbol.name);
    }
  }

  function walk(node: ts.Node | undefined, user: string): void {
    if (node === undefined || isPrivate(node)) return;
    const name = named(node);
    const found = name && checker.getSymbolAtLocation(name);
    if (found !== undefined) {
      const symbol = aliased(found);
      const isOurs = symbol.declarations?.some((declaration) => !ts.isTypeParameterDeclaration(declaration) && declaration.getSourceFile().fileName.startsWith(dirname(index)));
      if (isOurs && !exported.has(symbol) && !ts.isTypeQueryNode(node)) missing.add(`${symbol.name} (${user})`);
      visit(symbol);
    }
    ts.forEachChild(node, (child) => walk(child, user));
  }
}

function isPrivate(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
}

function named(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}
