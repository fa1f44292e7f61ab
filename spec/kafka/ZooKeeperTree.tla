---------------------------- MODULE ZooKeeperTree ----------------------------
(* What a transaction does to a tree of znodes. A tree is a function from     *)
(* paths to <<>>, no znode, or <<znode>>. The decision in it: a multi is a     *)
(* sequence of operations on the tree as the earlier ones left it, and one     *)
(* that fails undoes them all (PrepRequestProcessor, DataTree.processTxn).     *)
EXTENDS Naturals, Sequences

Create(path, data, ephemeral) == [_tag |-> "Create", path |-> path, data |-> data, ephemeral |-> ephemeral]
SetData(path, data, version) == [_tag |-> "SetData", path |-> path, data |-> data, version |-> version]
CheckVersion(path, version) == [_tag |-> "Check", path |-> path, version |-> version]

(* the code with which an operation fails, or "Ok" *)
CodeOf(tree, op) ==
  IF op._tag = "Create" THEN IF tree[op.path] # <<>> THEN "NodeExists" ELSE "Ok"
  ELSE IF tree[op.path] = <<>> THEN "NoNode"
  ELSE IF tree[op.path][1].version # op.version THEN "BadVersion" ELSE "Ok"

(* an owner is <<>>, or a session: <<client, number>> *)
Done(tree, op, session) ==
  CASE op._tag = "Create" ->
         [tree EXCEPT ![op.path] =
            <<[data |-> op.data, version |-> 0, owner |-> IF op.ephemeral THEN session ELSE <<>>]>>]
    [] op._tag = "SetData" ->
         [tree EXCEPT ![op.path] = <<[@[1] EXCEPT !.data = op.data, !.version = @ + 1]>>]
    [] op._tag = "Check" -> tree

RECURSIVE Multi(_, _, _, _)
(* [code |-> "Ok", at |-> 0, tree |-> ...], or the first code and where it came from *)
Multi(tree, ops, session, at) ==
  IF at > Len(ops) THEN [code |-> "Ok", at |-> 0, tree |-> tree]
  ELSE IF CodeOf(tree, ops[at]) # "Ok" THEN [code |-> CodeOf(tree, ops[at]), at |-> at, tree |-> tree]
  ELSE Multi(Done(tree, ops[at], session), ops, session, at + 1)

Without(tree, session) ==
  [path \in DOMAIN tree |->
     IF tree[path] # <<>> /\ tree[path][1].owner = session THEN <<>> ELSE tree[path]]
=============================================================================
