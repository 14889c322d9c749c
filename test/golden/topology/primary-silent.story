6.3s * s-0 hangs for 8 s
6.7s wait PrimarySuspected: primary s-0 does not answer (Timeout); it is given its grace period
9.7s intent Failover epoch 2 s-1 from s-0 (PrimarySilent)
9.8s repoint s-1 to nowhere, s-2 to s-1
9.9s wait Fencing: s-0 does not answer; its right to accept writes is running out
12.9s promote s-1 over epoch 1
13.0s establish s-1 epoch 2 n 3 w 1 replicas s-2
13.5s mark epoch 2 n 3 w 1: NewEpoch
13.6s label off s-0 on s-1
13.8s clear Failover epoch 2 s-1 from s-0 (PrimarySilent): FailedOver
13.9s restart s-0: PrimaryHung
14.6s demote s-0 under s-1
16.2s prepare s-0
16.3s join s-0 to s-1
17.5s describe s-0 replica readable joined
some acknowledged writes are lost
