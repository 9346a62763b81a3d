---------------------------- MODULE Convergence ----------------------------
(***************************************************************************)
(* Two writers of one row, and the anti-entropy loop between them over a    *)
(* channel that loses, repeats and reorders.                                *)
(*                                                                          *)
(* A row version is the lattice of io.merklite.sync.row.RowVersion: birth,  *)
(* death, and a stamp for each column. A column's value is named by the     *)
(* stamp that wrote it, so it needs no variable of its own. The digest of a *)
(* root message is modelled as the version itself: equal digests mean equal *)
(* versions, which is what a hash is trusted for.                           *)
(*                                                                          *)
(* Deaths are not forgotten here. What that means for a row is said in      *)
(* docs/decisions/0005, and checked by ForgottenDeathTest and SimulationTest.*)
(*                                                                          *)
(* Checked: an acknowledged write is never lost, replicas only move up in   *)
(* the lattice, a stamp is never used twice, and once writing ends both     *)
(* replicas become and stay equal.                                          *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Writers,    \* the two replicas
  Columns,    \* columns that are not in the key
  MaxClock,   \* how far the clocks run: bounds the number of writes
  Capacity    \* how many messages the channel holds

VARIABLES
  row,        \* writer -> version of the row
  clock,      \* writer -> logical time of its last tick or of what it heard
  net,        \* messages under way
  acked       \* versions that a writer has acknowledged to its client

vars == <<row, clock, net, acked>>

(* Stamps: (clock, writer), with zero as "none". Writers are numbers. *)
None == [time |-> 0, by |-> 0]
Before(a, b) == a.time < b.time \/ (a.time = b.time /\ a.by < b.by)
Later(a, b) == IF Before(a, b) THEN b ELSE a

(* Of two deaths the earlier one counts; no death is later than every death. *)
Earlier(a, b) == IF a = None THEN b ELSE IF b = None THEN a ELSE IF Before(a, b) THEN a ELSE b

NoColumns == [c \in Columns |-> None]
Absent == [birth |-> None, death |-> None, cells |-> NoColumns]

Join(a, b) ==
  IF Before(a.birth, b.birth) THEN b
  ELSE IF Before(b.birth, a.birth) THEN a
  ELSE IF a.death # None \/ b.death # None
    THEN [birth |-> a.birth, death |-> Earlier(a.death, b.death), cells |-> NoColumns]
    ELSE [birth |-> a.birth, death |-> None, cells |-> [c \in Columns |-> Later(a.cells[c], b.cells[c])]]

Below(a, b) == Join(a, b) = b

Alive(v) == v.birth # None /\ v.death = None

Init ==
  /\ row = [w \in Writers |-> Absent]
  /\ clock = [w \in Writers |-> 0]
  /\ net = {}
  /\ acked = {}

(* A full channel loses one of its messages. *)
Send(m) ==
  IF m \in net \/ Cardinality(net) < Capacity
  THEN net' = net \cup {m}
  ELSE \E lost \in net : net' = (net \ {lost}) \cup {m}

Write(w, version) ==
  /\ row' = [row EXCEPT ![w] = version]
  /\ clock' = [clock EXCEPT ![w] = @ + 1]
  /\ acked' = acked \cup {[at |-> w, version |-> version]}
  /\ UNCHANGED net

Tick(w) == [time |-> clock[w] + 1, by |-> w]

Insert(w) ==
  /\ clock[w] < MaxClock /\ ~Alive(row[w])
  /\ Write(w, [birth |-> Tick(w), death |-> None, cells |-> [c \in Columns |-> Tick(w)]])

Update(w, c) ==
  /\ clock[w] < MaxClock /\ Alive(row[w])
  /\ Write(w, [row[w] EXCEPT !.cells[c] = Tick(w)])

Delete(w) ==
  /\ clock[w] < MaxClock /\ Alive(row[w])
  /\ Write(w, [birth |-> row[w].birth, death |-> Tick(w), cells |-> NoColumns])

(* The loop keeps nothing between messages: a round is a root; who sees a    *)
(* root that differs from its own answers with its rows.                     *)
Round(w) ==
  /\ Send([kind |-> "root", from |-> w, version |-> row[w]])
  /\ UNCHANGED <<row, clock, acked>>

HighestTime(v) ==
  LET times == {v.birth.time, v.death.time} \cup {v.cells[c].time : c \in Columns}
  IN CHOOSE t \in times : \A u \in times : u <= t

(* A message may be received again: receiving does not remove it. *)
Receive(w, m) ==
  /\ m \in net /\ m.from # w
  /\ IF m.kind = "root"
     THEN /\ IF m.version = row[w]
             THEN UNCHANGED net
             ELSE Send([kind |-> "rows", from |-> w, version |-> row[w]])
          /\ UNCHANGED <<row, clock, acked>>
     ELSE /\ row' = [row EXCEPT ![w] = Join(row[w], m.version)]
          /\ clock' = [clock EXCEPT ![w] = IF @ < HighestTime(m.version) THEN HighestTime(m.version) ELSE @]
          /\ UNCHANGED <<net, acked>>

Lose(m) ==
  /\ m \in net
  /\ net' = net \ {m}
  /\ UNCHANGED <<row, clock, acked>>

Next ==
  \/ \E w \in Writers : Insert(w) \/ Delete(w) \/ Round(w)
  \/ \E w \in Writers, c \in Columns : Update(w, c)
  \/ \E w \in Writers, m \in net : Receive(w, m)
  \/ \E m \in net : Lose(m)

(* What is sent again and again arrives at some time; rounds never end. *)
ReceiveKind(w, k) == \E m \in net : m.kind = k /\ m.from # w /\ m.version = row[m.from] /\ Receive(w, m)

Fairness ==
  \A w \in Writers :
    /\ WF_vars(Round(w))
    /\ SF_vars(ReceiveKind(w, "root"))
    /\ SF_vars(ReceiveKind(w, "rows"))

Spec == Init /\ [][Next]_vars /\ Fairness

(* ------------------------------- properties ------------------------------ *)

(* Whatever was acknowledged is still there, or beaten by something larger. *)
AcknowledgedIsKept == \A a \in acked : Below(a.version, row[a.at])

(* No two writes share a stamp. *)
StampsAreUnique ==
  \A a, b \in acked : a.version.birth = b.version.birth /\ a.version.death = b.version.death
    /\ a.version.cells = b.version.cells => a = b

(* Join is what it must be, on every pair of versions that come up. *)
JoinIsALattice ==
  \A a, b \in {row[w] : w \in Writers} \cup {m.version : m \in net} :
    /\ Join(a, b) = Join(b, a)
    /\ Join(a, a) = a
    /\ Below(a, Join(a, b))

(* A replica only moves up. *)
Monotone == [][\A w \in Writers : Below(row[w], row'[w])]_vars

(* Clocks stop at MaxClock, so writing ends; then the replicas become equal and stay so. *)
Converges == <>[](\A v, w \in Writers : row[v] = row[w])
=============================================================================
