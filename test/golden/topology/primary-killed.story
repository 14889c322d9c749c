0.0s * a store of three is created
0.0s wait WaitingForMembers: 0 of 3 members answer, 2 are needed for the first primary
0.6s reveal s-0
0.7s prepare s-0
0.8s wait WaitingForMembers: 1 of 3 members answer, 2 are needed for the first primary
1.0s reveal s-1
1.1s reveal s-2
1.2s prepare s-1 s-2
1.3s intent Bootstrap epoch 1 s-0 (FirstPrimary)
1.4s promote s-0 over epoch none
1.5s establish s-0 epoch 1 n 3 w 1 replicas s-1+s-2
2.6s mark epoch 1 n 3 w 1: Bootstrapped
2.7s label off nobody on s-0
2.8s clear Bootstrap epoch 1 s-0 (FirstPrimary): Bootstrapped
2.9s describe s-0 joined, s-2 replica readable joined
4.0s describe s-1 replica readable joined
6.3s * the server of s-0 is killed; its container starts again, empty
6.7s intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)
6.8s promote s-1 over epoch 1
6.9s establish s-1 epoch 2 n 3 w 1 replicas s-2
7.6s label off s-0 on s-1
7.8s mark epoch 2 n 3 w 1: NewEpoch
7.9s clear Failover epoch 2 s-1 from s-0 (PrimaryStopped): FailedOver
8.0s prepare s-0
8.1s join s-0 to s-1
8.7s describe s-0 replica readable
some acknowledged writes are lost
