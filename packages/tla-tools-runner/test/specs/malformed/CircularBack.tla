---- MODULE CircularBack ----
EXTENDS Circular
====
