------------------------------ MODULE Constant ------------------------------
(* A constant of many kinds, and assumptions about it that hold for just one value.                                   *)
EXTENDS Integers

CONSTANT Given

VARIABLE x

ASSUME DOMAIN Given = {"negative", "nested", "text"}
ASSUME Given.negative = 0 - 3
ASSUME Given.text = "a \"quoted\" one"
ASSUME DOMAIN Given.nested = {<<1, 2>>, <<2, 1>>}
ASSUME Given.nested[<<2, 1>>] = {}
ASSUME \E a, b \in Given.nested[<<1, 2>>] : a # b /\ Given.nested[<<1, 2>>] = {a, b}

Init == x = Given

Next == x' = Given

Spec == Init /\ [][Next]_x
=============================================================================
