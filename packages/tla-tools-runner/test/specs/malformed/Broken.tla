---- MODULE Broken ----
Half == 1 +
====
