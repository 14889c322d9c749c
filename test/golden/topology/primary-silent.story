5.8s * s-0 hangs for 8 s
5.8s wait PrimarySuspected: primary s-0 does not answer (Timeout); it is given its grace period
9.0s intent Failover epoch 2 s-1 from s-0 (PrimarySilent)
9.1s repoint s-1 to nowhere, s-2 to s-1
9.2s wait Fencing: s-0 does not answer; its right to accept writes is running out
12.2s promote s-1 over epoch 1
12.3s establish s-1 epoch 2 n 3 w 1 replicas s-2
12.8s mark epoch 2 n 3 w 1: NewEpoch
12.9s label off s-0 on s-1
13.1s clear Failover epoch 2 s-1 from s-0 (PrimarySilent): FailedOver
13.2s restart s-0: PrimaryHung
13.9s demote s-0 under s-1
14.3s note s-1 s-2 s-0
15.6s prepare s-0
15.7s join s-0 to s-1
17.1s describe s-0 replica readable joined
some acknowledged writes are lost
